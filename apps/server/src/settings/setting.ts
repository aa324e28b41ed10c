/** What a setting is: its names, its text, and how that becomes a value. */
export interface SettingDefinition<Value> {
  readonly env: `PARLEY_${string}`
  readonly flag: `--${string}`
  /** What the flag's value is called in `--help`. */
  readonly placeholder: string
  /** Text, so that the documentation shows what one would type; undefined: not set. */
  readonly fallback: string | undefined
  readonly parse: (text: string) => Value
  readonly description: string
  /** Never shown, not even in an error. */
  readonly secret?: boolean
}

export function setting<Value>(definition: SettingDefinition<Value>): SettingDefinition<Value> {
  return definition
}
