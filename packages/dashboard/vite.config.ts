import react from '@vitejs/plugin-react'
import { defaultClientConditions, defineConfig } from 'vite'

/** Built into the package that serves it. While it is worked on, `npm run dev` passes the API on to a running server. */
export default defineConfig({
  plugins: [react()],
  // The client of the API as it stands here, built or not.
  resolve: { conditions: ['reeve-source', ...defaultClientConditions] },
  build: {
    outDir: '../reeve/dashboard',
    emptyOutDir: true,
    // The policy of the page allows no inline sources.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    // The notices of what is built in.
    license: { fileName: 'licences.md' },
  },
  server: { proxy: { '/api': process.env.REEVE_URL ?? 'http://127.0.0.1:4400' } },
})
