import './styles.css'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { isRefusal } from './api/client.ts'
import { afterPaint, showWhenDrawn } from './beginning.ts'
import { followLinks } from './follow-links.ts'
import { KeyboardProvider } from './frame/keys.tsx'
import { createPages } from './router.tsx'
import { showColours } from './ui/colours.ts'

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2000,
      refetchInterval: 30_000,
      // What the server said no to, it says no to again.
      retry: (failures, error) => failures < 2 && !isRefusal(error),
    },
  },
})

showColours()
const root = createRoot(document.getElementById('root')!)
afterPaint(() => {
  const router = createPages(client)
  followLinks((href) => void router.navigate({ href }))
  root.render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <KeyboardProvider>
          <RouterProvider router={router} />
        </KeyboardProvider>
      </QueryClientProvider>
    </StrictMode>,
  )
  showWhenDrawn(client)
})
