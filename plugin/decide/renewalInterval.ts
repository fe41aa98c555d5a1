/** Milliseconds between the renewals of a lease: two in a row may fail before it ends. */
export function renewalInterval(leaseMs: number): number {
  return leaseMs / 3;
}
