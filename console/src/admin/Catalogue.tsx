import { Button, Form, Input } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useQueryClient } from '@tanstack/react-query'
import type { TFunction } from 'i18next'
import { api, path } from '../api/http'
import { FormDialog, useDeed } from '../ui/deeds'
import { bytesText } from '../ui/format'
import { Empty } from '../ui/states'
import { DataTable } from '../ui/Table'
import { inOrderOfUse, isRunning, useCatalogue, useJobs, type Offer } from './models'

export const purposeText = (purpose: string, t: TFunction): string => (purpose === 'chat' ? t('models.forChat') : purpose === 'base' ? t('models.forBase') : purpose === 'embedding' ? t('models.forEmbedding') : purpose === 'tests' ? t('models.forTests') : purpose)

/** What can be fetched: the machine's own memory says what of it fits. */
export function Catalogue() {
  const { t, i18n } = useTranslation()
  const client = useQueryClient()
  const deed = useDeed()
  const [asking, setAsking] = useState(false)
  const catalogue = useCatalogue()
  const running = useJobs().data?.filter((job) => isRunning(job) && job.kind === 'pull').map((job) => job.model) ?? []
  const data = useMemo(() => catalogue.data && inOrderOfUse(catalogue.data.models), [catalogue.data])
  const pull = (model: string) => api.post(path('/admin/v1/models/pull', {}), { model })
  return (
    <section>
      <div className="page-head" style={{ marginBottom: 8 }}>
        <div>
          <h2 style={{ marginBottom: 0 }}>{t('models.catalogue')}</h2>
          {catalogue.data && <p className="page-lead">{t('models.catalogueText', { memory: bytesText(catalogue.data.memory_bytes, i18n.language) })}</p>}
        </div>
        <Button onClick={() => setAsking(true)}>{t('models.other')}</Button>
      </div>
      <DataTable<Offer>
        label={t('models.catalogue')}
        asked={{ data, isPending: catalogue.isPending, error: catalogue.error, refetch: catalogue.refetch }}
        rowKey="name"
        empty={<Empty title={t('models.catalogueNone')} />}
        columns={[
          {
            title: t('chat.model'),
            dataIndex: 'title',
            render: (title: string, offer) => (
              <>
                {title}
                <br />
                <span className="muted mono">{offer.name}</span>
              </>
            ),
          },
          {
            title: t('models.here'),
            key: 'marks',
            render: (_, offer) => (
              <span className="tags">
                {offer.recommended && <span className="tag tag-good">{t('models.recommended')}</span>}
                <span className={offer.fits ? 'tag' : 'tag tag-bad'}>{offer.fits ? t('models.fits') : t('models.fitsNot')}</span>
                {offer.for !== 'chat' && <span className="tag">{purposeText(offer.for, t)}</span>}
              </span>
            ),
          },
          { title: t('models.download'), dataIndex: 'bytes', align: 'end', className: 'num', render: (bytes: number) => bytesText(bytes, i18n.language) },
          { title: t('models.needs'), dataIndex: 'memory_bytes', align: 'end', className: 'num', render: (bytes: number) => bytesText(bytes, i18n.language) },
          { title: t('models.licence'), dataIndex: 'licence' },
          {
            key: 'deeds',
            title: <span className="sr">{t('action.more')}</span>,
            align: 'end',
            render: (_, offer) =>
              offer.here ? (
                <span className="tag tag-good">{t('models.isHere')}</span>
              ) : (
                <Button size="small" disabled={running.includes(offer.name)} aria-label={`${t('models.pull')}: ${offer.name}`} onClick={() => void deed(() => pull(offer.name), [['jobs']])}>
                  {t('models.pull')}
                </Button>
              ),
          },
        ]}
      />
      <FormDialog
        title={t('models.other')}
        action={t('models.pull')}
        open={asking}
        close={() => setAsking(false)}
        submit={async ({ model }: { model: string }) => {
          await pull(model.trim())
          await client.invalidateQueries({ queryKey: ['jobs'] })
        }}
      >
        <Form.Item name="model" label={t('chat.model')} extra={t('models.otherHelp')} rules={[{ required: true, message: '' }]}>
          <Input className="mono" autoFocus autoComplete="off" maxLength={256} />
        </Form.Item>
      </FormDialog>
    </section>
  )
}
