import { byPattern, defineConfig, localExtractor } from 'reeve'

export default defineConfig({
  routes: {
    // Solvers are asked in order. With a key set, put a hosted model first: 'anthropic/claude-haiku-4-5'.
    reading: {
      solvers: [localExtractor({ fields: { order: byPattern(/\bA-\d{5}\b/) } })],
    },
  },
})
