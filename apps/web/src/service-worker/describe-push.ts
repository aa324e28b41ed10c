/** What a push becomes on the screen, in the words of the language it was sent for. Pure. */
import { links } from '../app/links.ts'
import { plainText } from '../parts/markdown/plain-text.ts'

/** As the server encrypts it; what its owner's setting does not allow is absent. See `docs/protocol.md`. */
export interface PushPayload {
  readonly type: string
  readonly room: string
  readonly language?: string
  readonly id?: string
  readonly seq?: number
  readonly kind?: string
  readonly at?: number
  readonly count?: number
  readonly from?: string
  readonly room_name?: string
  readonly text?: string
}

export interface Description {
  readonly title: string
  readonly body: string
  readonly language: string
  /** Where a click leads. */
  readonly path: string
}

interface Words {
  readonly someone: string
  readonly something: string
  readonly kinds: Readonly<Record<string, string>>
  readonly addedTo: (room: string) => string
}

const words: Readonly<Record<string, Words>> = {
  en: {
    someone: 'Parley',
    something: 'Something new for you',
    kinds: {
      mention: 'mentioned you',
      reply: 'answered you',
      direct: 'wrote to you',
      message: 'wrote',
      added: 'added you to a chat',
    },
    addedTo: (room) => `added you to ${room}`,
  },
  vi: {
    someone: 'Parley',
    something: 'Có tin mới cho bạn',
    kinds: {
      mention: 'đã nhắc đến bạn',
      reply: 'đã trả lời bạn',
      direct: 'đã nhắn cho bạn',
      message: 'đã gửi tin nhắn',
      added: 'đã thêm bạn vào một cuộc trò chuyện',
    },
    addedTo: (room) => `đã thêm bạn vào ${room}`,
  },
}

/** One notification stands for all that is unread of its room: the newest words, and how many there are. */
export function describePush(push: PushPayload): Description {
  const language = push.language?.toLowerCase().split('-')[0] ?? 'en'
  const say = words[language] ?? words.en
  const { room, seq, kind = '', count = 1, from, room_name: name, text = '' } = push
  const place = name === undefined || kind === 'added' ? '' : ` · ${name}`
  const many = count > 1 ? ` (${count})` : ''
  const isMessage = seq !== undefined && kind !== 'added'
  return {
    title: `${from ?? say?.someone}${place}${many}`,
    body: bodyOf(),
    language: words[language] === undefined ? 'en' : language,
    path: isMessage ? links.message(room, seq) : links.room(room),
  }

  function bodyOf(): string {
    if (from === undefined) return say?.something ?? ''
    if (kind === 'added' && name !== undefined) return say?.addedTo(name) ?? ''
    return plainText(text) || (say?.kinds[kind] ?? say?.something ?? '')
  }
}
