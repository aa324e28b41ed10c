/** What a hostile upload is made of, and what must become of it. */
import { encodeForm, type Part } from './send-form.ts'

/**
 * `saved`: stored, and a browser only ever saves it. `remade`: a picture made anew from its pixels. `played`: sound or
 * film, played without anything else a browser could make of it.
 */
export type Harmless = 'saved' | 'remade' | 'played'

export interface HostileCase {
  readonly name: string
  readonly body: Buffer
  readonly headers?: Readonly<Record<string, string>>
  readonly outcome:
    | { readonly harmless: Harmless }
    | { readonly status: number; readonly code: string; readonly rule?: string }
}

export const MARK = 'parley-hostile-mark'
export const SCRIPT = `<script>document.title="${MARK}"</script>`

export const quoted = (name: string) => `"${name}"`
export const file = (content: Buffer | string, filename = 'a.png', type = 'image/png'): Part => ({
  content,
  filename: quoted(filename),
  type,
})
export const upload = (name: string, part: Part, outcome: HostileCase['outcome']): HostileCase => ({
  name,
  body: encodeForm([part]),
  outcome,
})
