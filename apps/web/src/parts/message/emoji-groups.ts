export type EmojiGroup = 'people' | 'nature' | 'food' | 'activity' | 'objects' | 'symbols'

/** A short list: what colleagues answer with. Everything else comes from the keyboard of the system. */
export const emojiGroups: Readonly<Record<EmojiGroup, string>> = {
  people: '😀 😄 😂 🤣 😊 😉 😍 🥰 😎 🤔 🙄 😅 😢 😭 😮 😴 😡 🤯 🥳 🤝 👍 👎 👌 👏 🙌 🙏 💪 👋 👀 🫡',
  nature: '🐶 🐱 🐼 🐝 🐢 🌱 🌸 🌞 🌧️ 🔥',
  food: '☕ 🍵 🍜 🍚 🍕 🍰 🍎 🍺',
  activity: '🎉 🎂 🎁 ⚽ 🏆 🎵 🚀 ✈️ 🏖️',
  objects: '💡 📌 📎 📅 📈 🔧 🐛 💻 🔒 ⏰',
  symbols: '❤️ 💙 💚 💔 ✅ ❌ ❓ ❗ ⚠️ 💯 ➕ 👉',
}
