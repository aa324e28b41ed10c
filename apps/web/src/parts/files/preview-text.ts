import type { Message } from '@parley/protocol'
import type { TFunction } from 'i18next'
import { plainText } from '../markdown/plain-text.ts'

/** A message in one line: its words or, where it has none, its files. */
export function previewText({ body, files = [] }: Pick<Message, 'body' | 'files'>, t: TFunction): string {
  const [first] = files
  if (body !== '' || first === undefined) return plainText(body)
  return files.length === 1
    ? t('files.previewOne', { name: first.name })
    : t('files.previewMany', { count: files.length })
}
