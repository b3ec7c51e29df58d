import { Table as AntTable, type TableProps } from 'antd'
import type { ReactNode } from 'react'
import { Failed, Waiting } from './states'

interface Asked<T> {
  data: T[] | undefined
  isPending: boolean
  error: unknown
  refetch: () => unknown
}

/** A table that may be wider than the screen of a phone: scrolled beneath the finger, or with the keys of who is in it. */
export function Wide({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="wide" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  )
}

/** A dense table of what a query gave: its waiting, failing and being empty too. */
export function DataTable<T extends object>({ asked, empty, label, ...more }: { asked: Asked<T>; empty: ReactNode; label: string } & Omit<TableProps<T>, 'dataSource'>) {
  if (asked.isPending) return <Waiting />
  if (asked.error) return <Failed error={asked.error} retry={() => void asked.refetch()} />
  const rows = asked.data ?? []
  if (rows.length === 0) return <>{empty}</>
  return (
    <Wide label={label}>
      <AntTable<T>
        size="small"
        rowKey={'id' as never}
        dataSource={rows}
        pagination={rows.length > 50 ? { pageSize: 50, showSizeChanger: false, size: 'small' } : false}
        {...more}
      />
    </Wide>
  )
}
