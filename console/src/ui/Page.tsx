import type { ReactNode } from 'react'

export function Page({ title, lead, deeds, narrow, children }: { title: string; lead?: ReactNode; deeds?: ReactNode; narrow?: boolean; children: ReactNode }) {
  return (
    <div className="page">
      <div className={narrow ? 'page-inner page-narrow' : 'page-inner'}>
        <div className="page-head">
          <div>
            <h1>{title}</h1>
            {lead && <p className="page-lead">{lead}</p>}
          </div>
          {deeds && <div className="page-deeds">{deeds}</div>}
        </div>
        {children}
      </div>
    </div>
  )
}
