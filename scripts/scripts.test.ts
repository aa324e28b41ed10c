import { expect, test } from 'vitest'
// @ts-expect-error plain JavaScript: it must run before anything is installed
import { checkImports, importsOf } from './check-imports.mjs'
// @ts-expect-error plain JavaScript
import { checkTidy } from './check-tidy.mjs'
// @ts-expect-error plain JavaScript
import { missingEntries } from './complete-lockfile.mjs'

test('every form of import is seen, and comments are not', () => {
  const text = `
    import { a } from 'one'
    import type { B } from "two"
    import 'three'
    export * from 'four'
    export { type C,
      d } from 'five'
    const lazy = () => import('six')
    // import 'seven'
    /* import 'eight' */
  `
  expect(importsOf(text).sort()).toEqual(['five', 'four', 'one', 'six', 'three', 'two'])
})

test.for([
  ['packages/protocol/src/a.ts', '@parley/contracts'],
  ['packages/contracts/src/a.ts', '@parley/services/auth/login'],
  ['packages/services/src/auth/a.ts', '@parley/adapters/postgres/migrate'],
  ['packages/services/src/auth/a.ts', '../rooms/b.ts'],
  ['packages/services/src/auth/a.ts', '@parley/services/rooms/b'],
  ['packages/gateways/src/http/a.ts', '../ws/b.ts'],
  ['packages/adapters/src/redis/a.ts', '@parley/gateways/ws/x'],
  ['packages/sdk/src/a.ts', '@parley/contracts'],
  ['packages/sdk/src/a.ts', '../../protocol/src/index.ts'],
  ['apps/web/src/a.tsx', '@parley/contracts'],
  ['apps/server/src/a.ts', '@parley/adapters/postgres/migrate'],
  ['apps/server/src/a.ts', '@parley/sdk'],
  ['tests/conformance/lib/a.ts', '@parley/protocol'],
])('%s may not import %s', ([path, specifier]) => {
  expect(checkImports(path, `import '${specifier}'`)).toHaveLength(1)
})

test.for([
  ['packages/contracts/src/a.ts', '@parley/protocol/shapes'],
  ['packages/services/src/auth/a.ts', '../shared/page-token.ts'],
  ['packages/services/src/auth/a.ts', './b.ts'],
  ['packages/services/src/auth/a.ts', 'jose'],
  ['packages/gateways/src/http/routes/a.ts', '../../shared/credentials.ts'],
  ['packages/services/src/auth/a.test.ts', '@parley/adapters/embedded/in-process-bus'],
  ['apps/server/src/topology/embedded.ts', '@parley/adapters/postgres/migrate'],
  ['apps/web/src/a.tsx', '@parley/sdk'],
  ['tests/scenarios/a.test.ts', '@parley/sdk'],
])('%s may import %s', ([path, specifier]) => {
  expect(checkImports(path, `import '${specifier}'`)).toEqual([])
})

test('a file of 400 lines is taken and one of 401 is not', () => {
  expect(checkTidy('packages/a/src/b.ts', 'x\n'.repeat(400))).toEqual([])
  expect(checkTidy('packages/a/src/b.ts', 'x\n'.repeat(401))).toHaveLength(1)
})

test.for([
  ['a.ts', `// ${'TO'}${'DO'}: later`],
  ['a.ts', `// ${'FIX'}${'ME'}`],
  ['a.test.ts', ['test', 'only("x")'].join('.')],
  ['a.test.ts', ['describe.concurrent', 'skip("x")'].join('.')],
  ['a.md', ['see ', 'home', 'somebody', 'x'].join('/')],
  ['package-lock.json', ['"resolved"', ' "https://registry.example/x.tgz"'].join(':')],
  ['.npmrc', ['registry', 'https://registry.example'].join('=')],
  ['a.ts', `${'<'.repeat(7)} HEAD`],
])('%s with “%s” is untidy', ([path, text]) => {
  expect(checkTidy(path, text)).toHaveLength(1)
})

test('ordinary words and addresses are tidy', () => {
  const text = 'todos of a person, https://example.org/home/page/, /home alone, skip the queue, test.each'
  expect(checkTidy('a.test.ts', text)).toEqual([])
})

test('a lockfile gets the platforms that a registry withheld, and keeps those it has', () => {
  const packages = {
    '': {},
    'node_modules/tool': {
      version: '2.0.0',
      dev: true,
      optionalDependencies: {
        '@tool/linux-x64-gnu': '2.0.0',
        '@tool/linux-arm-musleabihf': '2.0.0',
        '@tool/win32-ia32': '2.0.0',
      },
    },
    'node_modules/tool/node_modules/@tool/linux-x64-gnu': { version: '2.0.0' },
  }
  expect(missingEntries(packages)).toEqual({
    'node_modules/@tool/linux-arm-musleabihf': {
      version: '2.0.0',
      dev: true,
      cpu: ['arm'],
      libc: ['musl'],
      os: ['linux'],
      optional: true,
    },
    'node_modules/@tool/win32-ia32': {
      version: '2.0.0',
      dev: true,
      cpu: ['ia32'],
      os: ['win32'],
      optional: true,
    },
  })
})
