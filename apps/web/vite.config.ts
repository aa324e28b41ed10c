import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { buildServiceWorker } from './build-service-worker.ts'

/** Where `vite` (development only) finds the server; the built client is served by the server itself. */
const server = process.env.PARLEY_URL ?? 'http://127.0.0.1:8080'
/** The server compares `Origin` exactly; in development the browser's origin is Vite's. */
const proxied = { target: server, changeOrigin: true, headers: { origin: server } }

export default defineConfig({
  base: '/',
  plugins: [react(), buildServiceWorker()],
  build: {
    outDir: 'dist',
    sourcemap: false,
    // `light-dark()`, `dvh`, `field-sizing` fall back by themselves; the syntax must not be rewritten.
    target: ['chrome123', 'firefox121', 'safari17.5'],
    // The CSP allows no data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // All that is needed before anything is on the screen together: cut up by who shares what, the same code is some
        // forty files, which compress to 10 KB more. React apart, because it changes with fewer releases.
        codeSplitting: {
          groups: [
            { name: 'react', test: /node_modules\/(react|react-dom|scheduler)\// },
            { name: 'first', test: /apps\/web\/src\/main\.tsx/ },
          ],
        },
      },
    },
  },
  server: {
    proxy: { '/api': proxied, '/ws': { ...proxied, ws: true } },
  },
})
