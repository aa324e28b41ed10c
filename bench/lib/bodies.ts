/**
 * Message bodies of one length. Ordinary words and no two alike: a server that indexes what it stores would have it
 * too easy, or far too hard, with one letter repeated.
 */

const VARIANTS = 64

const WORDS =
  'the build is green again so let us ship it after lunch unless somebody still wants to look at the migration; ' +
  'who has the numbers from Tuesday and where did we put the notes about pricing for the second customer; ' +
  'I moved the meeting to ten because the train is late and Minh joins from Hue with a bad line; ' +
  'please read the draft until tomorrow and write into the margin what you would leave out; ' +
  'coffee is on the third floor now, the machine here makes a noise like a very small aeroplane; '

/** Each `characters` long (at least 1), ASCII, without a space at either end. */
export function makeBodies(characters: number): string[] {
  const text = WORDS.repeat(Math.ceil(characters / WORDS.length) + 1)
  return Array.from({ length: VARIANTS }, (_, i) => {
    const start = Math.floor((i * WORDS.length) / VARIANTS)
    // Servers trim, and the frame would be shorter than asked for.
    return text.slice(start, start + characters).replace(/^ | $/g, '-')
  })
}
