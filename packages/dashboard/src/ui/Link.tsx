import { defaultStringifySearch, type LinkComponent } from '@tanstack/react-router'
import type { AnchorHTMLAttributes } from 'react'

interface Props extends AnchorHTMLAttributes<HTMLAnchorElement> {
  to: string
  params?: Readonly<Record<string, string>>
  search?: Readonly<Record<string, unknown>>
}

/**
 * A link to a page, as the router types it. The router's own link works out at each drawing where it leads and whether that is
 * here: with a list of links that was a third of the time until a page stood. This one is a plain link; `followLinks` follows it.
 */
export const Link = (({ to, params = {}, search = {}, ...rest }: Props) => {
  const path = to.replace(/\$(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
  return <a {...rest} href={path + defaultStringifySearch(search)} />
}) as unknown as LinkComponent<'a'>
