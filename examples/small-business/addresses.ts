/** Where the outside is: as scripts are told it, else where `world/` listens by default. */
const ports = { SITE_URL: 4801, PAYMENTS_URL: 4802, MAIL_URL: 4803, SEARCH_URL: 4804 }

function addressOf(name: keyof typeof ports): string {
  return process.env[name] ?? `http://127.0.0.1:${ports[name]}`
}

/** JSON from one of them. @throws when it does not answer, or says no */
export async function ask<T>(name: keyof typeof ports, path: string, signal?: AbortSignal): Promise<T> {
  const url = `${addressOf(name)}${path}`
  const response = await fetch(url, signal ? { signal } : {})
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return (await response.json()) as T
}
