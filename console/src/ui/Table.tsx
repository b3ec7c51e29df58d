import { Table as AntTable, type TableProps } from 'antd'
import type { ReactNode } from 'react'
import { Failed, Waiting } from './states'

interface Asked<T> {
  data: T[] | undefined
  isPending: boolean
  error: unknown
  refetch: () => unknown
}

/** A dense table of what a query gave: its waiting, failing and being empty too. */
export function DataTable<T extends object>({ asked, empty, label, ...more }: { asked: Asked<T>; empty: ReactNode; label: string } & Omit<TableProps<T>, 'dataSource'>) {
  if (asked.isPending) return <Waiting />
  if (asked.error) return <Failed error={asked.error} retry={() => void asked.refetch()} />
  const rows = asked.data ?? []
  if (rows.length === 0) return <>{empty}</>
  return (
    <div role="region" aria-label={label}>
      <AntTable<T>
        size="small"
        rowKey={'id' as never}
        dataSource={rows}
        scroll={{ x: 'max-content' }}
        pagination={rows.length > 50 ? { pageSize: 50, showSizeChanger: false, size: 'small' } : false}
        {...more}
      />
    </div>
  )
}
