/** What the server's process is told. */
export interface ApiSpec {
  /** The database's file. */
  file: string
  /** Where it listens; 0: any free port. */
  port: number
}

/** What it says once it listens. */
export interface ApiMessage {
  url: string
}

/** The secret of the door, and its name. */
export const door = {
  path: '/hooks/orders',
  secret: `whsec_${Buffer.alloc(32, 5).toString('base64')}`,
  variable: 'ORDERS_SECRET',
}
