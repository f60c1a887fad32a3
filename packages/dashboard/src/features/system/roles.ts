export const roles = ['viewer', 'approver', 'operator', 'owner'] as const

/** What each role may do, the ones before it included. */
export const roleWords: Record<(typeof roles)[number], string> = {
  viewer: 'sees everything but secrets',
  approver: 'decides what waits',
  operator: 'starts, stops and steers',
  owner: 'changes who may do what',
}
