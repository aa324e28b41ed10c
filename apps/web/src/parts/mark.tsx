/** Our sign: two leaves that speak with each other. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 64 64" aria-hidden="true">
      <path
        fill="var(--accent)"
        d="M20 6h16a14 14 0 0 1 14 14v2a18 18 0 0 0-18 18v2H8a2 2 0 0 1-2-2V20A14 14 0 0 1 20 6Z"
      />
      <path
        fill="var(--signal)"
        d="M40 26h8a10 10 0 0 1 10 10v20a2 2 0 0 1-2 2H46a10 10 0 0 1-10-10V30a4 4 0 0 1 4-4Z"
      />
    </svg>
  )
}
