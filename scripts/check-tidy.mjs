// The habits of this codebase that a program can see: short files, nothing left over, nothing of anybody's machine.
// Short functions are Biome's part (noExcessiveLinesPerFunction).
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { listFiles, PROJECT } from './list-files.mjs'

const FILE_MAX_LINES = 400
const CODE = /\.(ts|tsx|mjs|js|css|sql)$/
const TEXT =
  /(\.(ts|tsx|mjs|js|cjs|css|sql|json|md|yaml|yml|html|sh|conf|svg|webmanifest)|\/run|Dockerfile|\.npmrc|\.editorconfig)$/
const TEST = /\.(test|spec)\.tsx?$/

/** Each with what is looked for, where, and what to say. Written in pieces, so that this file passes its own test. */
const REFUSED = [
  {
    pattern: marker(['TO', 'DO'], ['FIX', 'ME'], ['XX', 'X'], ['HA', 'CK']),
    in: TEXT,
    why: 'a leftover marker: do it, or write it into an issue',
  },
  { pattern: /\bdebugger\b;?\s*$/m, in: CODE, why: 'a leftover breakpoint' },
  {
    pattern: /\b(?:describe|test|it|suite|bench)(?:\.\w+)*\.(?:only|skip|todo)\b/,
    in: TEST,
    why: 'a test that hides others, or is hidden',
  },
  { pattern: /(?<![\w.:/-])\/(?:home|Users)\/[a-z][\w-]*\//, in: TEXT, why: 'a path of somebody’s machine' },
  { pattern: /(?<![\w.:/-])\/(?:root|work)\/[\w.-]+/, in: TEXT, why: 'a path of somebody’s machine' },
  { pattern: /\b[A-Z]:\\Users\\/, in: TEXT, why: 'a path of somebody’s machine' },
  {
    pattern: /"resolved": "https?:/,
    in: /(^|\/)package-lock\.json$/,
    why: 'an address of a registry (.npmrc leaves them out)',
  },
  { pattern: /^\s*(?:@\w+:)?registry\s*=/m, in: /(^|\/)\.npmrc$/, why: 'an address of a registry' },
  { pattern: /^(?:<{7}|={7}|>{7})(?: |$)/m, in: TEXT, why: 'a conflict left by Git' },
]

/** Complaints about one file, each a sentence with its line. */
export function checkTidy(path, text) {
  const complaints = []
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
  if (CODE.test(path) && lines > FILE_MAX_LINES) {
    complaints.push(`${path} has ${lines} lines, more than ${FILE_MAX_LINES}: split it by what it does`)
  }
  for (const rule of REFUSED) {
    const found = rule.in.test(path) ? rule.pattern.exec(text) : null
    if (found === null) continue
    const line = text.slice(0, found.index).split('\n').length
    complaints.push(`${path}:${line} contains "${found[0].trim()}": ${rule.why}`)
  }
  return complaints
}

function marker(...words) {
  return new RegExp(`\\b(?:${words.map((parts) => parts.join('')).join('|')})\\b`)
}

function main() {
  const files = listFiles().filter((path) => TEXT.test(path) || CODE.test(path))
  const complaints = files.flatMap((path) => checkTidy(path, readFileSync(join(PROJECT, path), 'utf8')))
  for (const complaint of complaints) console.error(complaint)
  console.log(`${files.length} files, ${complaints.length} untidy places`)
  if (complaints.length > 0) process.exitCode = 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
