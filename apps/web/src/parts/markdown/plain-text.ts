/** One line without the marks of Markdown: previews in lists, quotes and announcements. */
export function plainText(body: string): string {
  return body
    .slice(0, 400)
    .replace(/```[^\n`]*\n?([\s\S]*?)(```|$)/g, '$1')
    .replace(/!?\[([^\]\n]*)\]\(([^)\n]*)\)/g, '$1')
    .replace(/^\s{0,3}(>+|#{1,6}|[-*+]|\d+[.)])\s+/gm, '')
    .replace(/(\*\*|__|~~|`)(.+?)\1/g, '$2')
    .replace(/(^|\W)[*_](\S(?:[^*_\n]*\S)?)[*_](?=\W|$)/g, '$1$2')
    .replace(/\s+/g, ' ')
    .trim()
}
