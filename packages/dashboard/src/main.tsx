import './styles.css'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { isRefusal } from './api/client.ts'
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
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <KeyboardProvider>
        <RouterProvider router={createPages(client)} />
      </KeyboardProvider>
    </QueryClientProvider>
  </StrictMode>,
)
