// Loaded into the server before anything else (NODE_OPTIONS=--import): each SIGUSR2 sets its time of day on by this much.
const SHIFT_MS = 11 * 60_000
const now = Date.now.bind(Date)
let offset = 0
Date.now = () => now() + offset
process.on('SIGUSR2', () => {
  offset += SHIFT_MS
})
