// Runs before the first paint, so that a chosen theme and language never flash the other one.
;(() => {
  const root = document.documentElement
  try {
    const theme = localStorage.getItem('parley.theme')
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme
    const language = localStorage.getItem('parley.language')
    if (language === 'vi' || language === 'en') root.lang = language
  } catch {
    // Storage may be forbidden; the system's colours are right then.
  }
})()
