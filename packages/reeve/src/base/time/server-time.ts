/**
 * The header in which a server says what time it has (ms), by the clock of its engine: what came from it was written by that
 * clock, and not by the clock of who reads it.
 */
export const serverTimeHeader = 'reeve-time'
