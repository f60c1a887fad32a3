/** Where a stand-in says that it is there. No request to the service: nothing counts it, and no fault meets it. */
export const presencePath = '/.well-known/reeve-stand-in'
