import './styles.css'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode, startTransition } from 'react'
import { createRoot } from 'react-dom/client'
import { isRefusal } from './api/client.ts'
import { showWhenDrawn } from './beginning.ts'
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
// In short steps: between them a telephone hears whoever touches it.
startTransition(() =>
  root.render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <KeyboardProvider>
          <RouterProvider router={createPages(client)} />
        </KeyboardProvider>
      </QueryClientProvider>
    </StrictMode>,
  ),
)
showWhenDrawn(client)
