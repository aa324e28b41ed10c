/** Flags of commands, made from the settings table. */
import type { Command } from 'commander'
import { type Flags, readSettings } from '../settings/read-settings.ts'
import { type SettingName, type Settings, settingsTable } from '../settings/table.ts'

/** Adds a flag for each of these settings. */
export function addSettings(command: Command, names: readonly SettingName[]): Command {
  for (const name of names) {
    const { flag, placeholder, description, env, fallback } = settingsTable[name]
    const standard = fallback === undefined ? '' : `; ${fallback} by default`
    command.option(`${flag} <${placeholder}>`, `${description.replaceAll('`', '')} (${env}${standard})`)
  }
  return command
}

/** Settings from what commander parsed, also for the command around this one, and from the environment. Throws `PlainError`. */
export function settingsOf(command: Command): Settings {
  return readSettings(process.env, command.optsWithGlobals<Flags>())
}
