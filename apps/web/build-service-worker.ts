/** Builds the service worker into one file of its own at the root, whose scope is then the whole client. */
import { join } from 'node:path'
import { build, type Plugin } from 'vite'

export function buildServiceWorker(): Plugin {
  let outDir = 'dist'
  return {
    name: 'parley-service-worker',
    apply: 'build',
    configResolved(config) {
      outDir = config.build.outDir
    },
    async closeBundle() {
      await build({
        configFile: false,
        logLevel: 'warn',
        publicDir: false,
        build: {
          outDir,
          emptyOutDir: false,
          target: ['chrome123', 'firefox121', 'safari17.5'],
          lib: {
            entry: join(import.meta.dirname, 'src/service-worker/main.ts'),
            // Without imports and exports it runs as a classic script, which all browsers take.
            formats: ['iife'],
            name: 'parley',
            fileName: () => 'sw.js',
          },
        },
      })
    },
  }
}
