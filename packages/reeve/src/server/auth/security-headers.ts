import type { Context } from 'hono'

/** Nothing from elsewhere is loaded, nothing is sent elsewhere, and no page of others shows one of ours. */
export const contentSecurityPolicy = [
  `default-src 'none'`,
  `script-src 'self'`,
  `style-src 'self' 'unsafe-inline'`,
  `img-src 'self' data:`,
  `font-src 'self'`,
  `connect-src 'self'`,
  `form-action 'self'`,
  `base-uri 'none'`,
  `frame-ancestors 'none'`,
].join('; ')

export function addSecurityHeaders(context: Context, isTls: boolean): void {
  context.header('content-security-policy', contentSecurityPolicy)
  context.header('x-content-type-options', 'nosniff')
  context.header('x-frame-options', 'DENY')
  // With none at all the browser's own form would come without an origin.
  context.header('referrer-policy', 'same-origin')
  context.header('cross-origin-opener-policy', 'same-origin')
  context.header('cross-origin-resource-policy', 'same-origin')
  context.header('permissions-policy', 'camera=(), microphone=(), geolocation=()')
  if (isTls) context.header('strict-transport-security', 'max-age=31536000')
}
