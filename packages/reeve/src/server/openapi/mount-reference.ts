import type { Hono } from 'hono'
import { openApiDocument } from './document.ts'
import { referencePage } from './reference.ts'

/** `/openapi.json` and `/docs/api`: what this version of Reeve can do, and nothing of the project. */
export function mountReference(app: Hono): void {
  let document: Record<string, unknown> | undefined
  const made = () => {
    document ??= openApiDocument()
    return document
  }
  app.get('/openapi.json', (context) => context.json(made()))
  app.get('/docs/api', (context) => context.html(referencePage(made())))
}
