// Ends with 0 when this container's process can serve: the HEALTHCHECK of the image, which has no curl.
// Of many processes each answers on its internal port, the only one of the embedded topology on its public one.
const { PARLEY_REDIS_URL, PARLEY_INTERNAL_PORT, PARLEY_PORT } = process.env
const port = PARLEY_REDIS_URL ? PARLEY_INTERNAL_PORT || '7400' : PARLEY_PORT || '8080'
const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) }).catch(
  (error) => ({ ok: false, text: async () => String(error.cause ?? error) }),
)
if (!answer.ok) {
  console.error(await answer.text())
  process.exitCode = 1
}
