/** The sign of Cofre: a safe with its dial. */
export function Mark({ size = 30 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#0b6e69" />
      <rect x="6.4" y="6.4" width="19.2" height="19.2" rx="4" fill="none" stroke="#fff" strokeWidth="2.2" />
      <circle cx="16" cy="16" r="4.9" fill="none" stroke="#fff" strokeWidth="2.2" />
      <path d="M16 11.1v3.2M25.6 12.2h1.6M25.6 19.8h1.6" stroke="#fff" strokeWidth="2.2" strokeLinecap="round" />
    </svg>
  )
}
