import { useQueryClient } from '@tanstack/react-query'
import { Button, Input, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiError, api, path, type Schema } from '../api/http'
import { FileChoice } from '../ui/FileChoice'
import { Secret } from '../ui/Secret'

/** Users of a CSV table, all or none; each gets a link. */
export function ImportDialog({ open, close, tenant }: { open: boolean; close: () => void; tenant: string | undefined }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const [csv, setCsv] = useState('name,label,department\n')
  const [file, setFile] = useState<File>()
  const [problem, setProblem] = useState<string>()
  const [made, setMade] = useState<Schema['User'][]>()
  const [busy, setBusy] = useState(false)
  const send = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      setMade((await api.post<Required<Schema['Users']>>(path('/admin/v1/users/import', {}), { csv, tenant })).users)
      await client.invalidateQueries({ queryKey: ['users'] })
    } catch (error) {
      setProblem(error instanceof ApiError ? error.message : t('app.unreachable'))
    } finally {
      setBusy(false)
    }
  }
  const leave = () => {
    setMade(undefined)
    setProblem(undefined)
    setFile(undefined)
    close()
  }
  return (
    <Modal
      title={t('users.import')}
      open={open}
      onCancel={leave}
      width={640}
      footer={
        made ? (
          <Button type="primary" onClick={leave}>
            {t('action.close')}
          </Button>
        ) : (
          <Button type="primary" loading={busy} onClick={() => void send()}>
            {t('users.importDo')}
          </Button>
        )
      }
    >
      {made ? (
        <>
          <p>{t('users.imported', { count: made.length })}</p>
          <Secret text={made.map((user) => `${user.name}\t${user.link ?? ''}`).join('\n')} />
        </>
      ) : (
        <>
          <p>{t('users.importText')}</p>
          <Input.TextArea className="mono" aria-label="CSV" value={csv} rows={8} onChange={(event) => setCsv(event.target.value)} />
          <FileChoice
            label={t('users.importFile')}
            accept=".csv,text/csv"
            file={file}
            choose={(chosen) => {
              setFile(chosen)
              void chosen?.text().then(setCsv)
            }}
          />
          {problem && (
            <pre role="alert" className="wrong" style={{ whiteSpace: 'pre-wrap' }}>
              {problem}
            </pre>
          )}
        </>
      )}
    </Modal>
  )
}
