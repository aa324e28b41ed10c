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
  readonly media?: string
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
  /** With the caller's name above it, and without. */
  readonly ring: readonly [string, string]
  readonly missed: { readonly sound: string; readonly video: string }
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
    ring: ['is calling', 'Incoming call'],
    missed: { sound: 'Missed call', video: 'Missed video call' },
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
    ring: ['đang gọi cho bạn', 'Cuộc gọi đến'],
    missed: { sound: 'Cuộc gọi nhỡ', video: 'Cuộc gọi video nhỡ' },
    addedTo: (room) => `đã thêm bạn vào ${room}`,
  },
}

/** One notification stands for all that is unread of its room: the newest words, and how many there are. */
export function describePush(push: PushPayload): Description {
  const language = push.language?.toLowerCase().split('-')[0] ?? 'en'
  const say = words[language] ?? words.en
  const { room, seq, kind = '', count = 1, from, room_name: name, text = '', media } = push
  const place = name === undefined || kind === 'added' ? '' : ` · ${name}`
  const many = count > 1 ? ` (${count})` : ''
  const isMessage = seq !== undefined && !['added', 'call', 'ring'].includes(kind)
  return {
    title: `${from ?? say?.someone}${place}${many}`,
    body: bodyOf(),
    language: words[language] === undefined ? 'en' : language,
    path: isMessage ? links.message(room, seq) : links.room(room),
  }

  function bodyOf(): string {
    if (kind === 'ring') return say?.ring[from === undefined ? 1 : 0] ?? ''
    if (kind === 'call') return say?.missed[media === 'video' ? 'video' : 'sound'] ?? ''
    if (from === undefined) return say?.something ?? ''
    if (kind === 'added' && name !== undefined) return say?.addedTo(name) ?? ''
    return plainText(text) || (say?.kinds[kind] ?? say?.something ?? '')
  }
}
