/** A letter from its parts, as plain text and as HTML that says the same. */
import type { MailLocale } from '@parley/protocol'

export type LetterPart =
  | { readonly type: 'words'; readonly text: string }
  | { readonly type: 'heading'; readonly text: string }
  /** What somebody said, below who said it. */
  | { readonly type: 'said'; readonly who: string; readonly text: string }
  /** An address of ours, shown as well: what one clicks can be read. */
  | { readonly type: 'link'; readonly label: string; readonly url: string }
  | { readonly type: 'small'; readonly text: string; readonly url?: string }

export interface LetterPlan {
  readonly locale: MailLocale
  readonly subject: string
  readonly parts: readonly LetterPart[]
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}

export function writeLetter(plan: LetterPlan): { subject: string; text: string; html: string } {
  return {
    subject: plan.subject,
    text: `${plan.parts.map(asText).join('\n\n')}\n`,
    html: frame(plan, plan.parts.map(asHtml).join('\n')),
  }
}

function asText(part: LetterPart): string {
  switch (part.type) {
    case 'words':
      return part.text
    case 'heading':
      return `— ${part.text} —`
    case 'said':
      return part.text === '' ? part.who : `${part.who}:\n  ${part.text}`
    case 'link':
      return `${part.label}:\n${part.url}`
    case 'small':
      return part.url === undefined ? part.text : `${part.text}\n${part.url}`
  }
}

function asHtml(part: LetterPart): string {
  switch (part.type) {
    case 'words':
      return `<p style="margin:0 0 16px">${escapeHtml(part.text).replaceAll('\n', '<br>')}</p>`
    case 'heading':
      return `<h2 style="font-size:16px;margin:24px 0 8px">${escapeHtml(part.text)}</h2>`
    case 'said':
      return `<p style="margin:0 0 12px"><strong>${escapeHtml(part.who)}</strong>${part.text === '' ? '' : `<br>${escapeHtml(part.text)}`}</p>`
    case 'link':
      return `<p style="margin:24px 0 8px"><a href="${escapeHtml(part.url)}" style="background:#006a67;border-radius:8px;color:#ffffff;display:inline-block;padding:10px 18px;text-decoration:none">${escapeHtml(part.label)}</a></p>
<p style="font-size:13px;opacity:0.75;margin:0 0 16px;overflow-wrap:anywhere">${escapeHtml(part.url)}</p>`
    case 'small':
      return `<p style="font-size:13px;opacity:0.75;margin:16px 0 0">${part.url === undefined ? escapeHtml(part.text) : `<a href="${escapeHtml(part.url)}" style="color:inherit">${escapeHtml(part.text)}</a>`}</p>`
  }
}

/** One column, no pictures, no styles from elsewhere: it looks the same where those are blocked. */
function frame({ locale, subject }: LetterPlan, body: string): string {
  return `<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(subject)}</title>
</head>
<body style="font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;font-size:15px;line-height:1.5;margin:0;padding:24px 16px">
<div style="margin:0 auto;max-width:560px">
${body}
</div>
</body>
</html>
`
}
