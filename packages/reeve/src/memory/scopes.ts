/** `/policy//billing/` and `policy/billing` are one scope. */
export function normalizeScope(scope: string): string {
  return scope
    .split('/')
    .map((part) => part.trim())
    .filter(Boolean)
    .join('/')
}
