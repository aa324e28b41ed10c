/** `docs/settings.md`, from the table. */
import { type SettingDefinition, settingNames, settingsTable } from './table.ts'

export function renderSettings(): string {
  return `# Settings

Every setting by its environment variable or by a flag of \`parley start\`; the flag wins. An unknown \`PARLEY_*\`
variable or flag is refused, so that a slip of the pen is not ignored, and so are settings that contradict each other.
An empty variable counts as not set. This page is made from \`apps/server/src/settings/table.ts\`, and a test compares
the two (\`npx vitest run apps/server/src/settings -u\` writes it again).

| variable | flag | without it | what it does |
|---|---|---|---|
${settingNames.map((name) => renderRow(settingsTable[name])).join('\n')}
`
}

function renderRow({ env, flag, placeholder, fallback, description }: SettingDefinition<unknown>): string {
  const standard = fallback === undefined ? '–' : `\`${fallback}\``
  const form = `${flag} <${placeholder}>`.replaceAll('|', '\\|')
  return `| \`${env}\` | \`${form}\` | ${standard} | ${description.replaceAll('|', '\\|')} |`
}
