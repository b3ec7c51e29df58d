import { CloudDownloadOutlined, UploadOutlined } from '@ant-design/icons'
import { Button, Dropdown } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, path } from '../api/http'
import { useConfirmByName, useDeed } from '../ui/deeds'
import { bytesText, numberText } from '../ui/format'
import { Page } from '../ui/Page'
import { Empty } from '../ui/states'
import { DataTable } from '../ui/Table'
import { modelStateText } from '../ui/words'
import { Aliases } from './Aliases'
import { Catalogue } from './Catalogue'
import { ImportModel } from './ImportModel'
import { JobList } from './JobList'
import { staleModels, useBoxModels, type BoxModel } from './models'

const modelPath = (model: string) => path('/admin/v1/models/{model}', { model })

/** What can be done with a model of this box; servers elsewhere are run elsewhere. */
function useModelDeeds() {
  const { t } = useTranslation()
  const deed = useDeed()
  const confirm = useConfirmByName()
  return ({ name, state, served, sha256 }: BoxModel) => {
    if (state === 'remote') return []
    const stops = state === 'ready' || state === 'loading'
    const items = [
      served && !stops && { key: 'load', label: t('models.load'), onClick: () => void deed(() => api.post(path('/admin/v1/models/{model}/load', { model: name })), staleModels) },
      served && stops && { key: 'unload', label: t('models.unload'), onClick: () => void deed(() => api.post(path('/admin/v1/models/{model}/unload', { model: name })), staleModels, t('models.leaving', { name })) },
      // The command measures what lies in the store.
      served && sha256 !== undefined && { key: 'bench', label: t('models.bench'), onClick: () => void deed(() => api.post(path('/admin/v1/models/{model}/bench', { model: name })), [['jobs']]) },
      sha256 !== undefined && {
        key: 'remove',
        danger: true,
        label: t('models.remove'),
        onClick: () => confirm(name, t('models.removeTitle', { name }), t('models.removeText'), t('models.remove'), () => deed(() => api.delete(modelPath(name)), staleModels, t('models.removed', { name }))),
      },
    ]
    return items.filter((item) => item !== false)
  }
}

function State({ model }: { model: BoxModel }) {
  const { t } = useTranslation()
  const bad = model.state === 'quarantined' || model.state === 'waiting'
  const tone = bad ? 'tag tag-bad' : model.state === 'ready' || (model.state === 'remote' && model.healthy) ? 'tag tag-good' : 'tag'
  return (
    <>
      <span className="tags">
        <span className={tone}>{modelStateText(model.state, t)}</span>
        {!model.served && <span className="tag">{t('models.unserved')}</span>}
        {model.unchanged === false && <span className="tag tag-bad">{t('models.changed')}</span>}
      </span>
      {model.reason && <div className="muted cell-text">{model.reason}</div>}
    </>
  )
}

export function Models() {
  const { t, i18n } = useTranslation()
  const [importing, setImporting] = useState(false)
  const models = useBoxModels()
  const deedsOf = useModelDeeds()
  const bytes = (value: number | undefined) => (value ? bytesText(value, i18n.language) : '–')
  const number = (value: number | null | undefined) => (value ? numberText(value, i18n.language) : '–')
  const box = models.data
  return (
    <Page
      title={t('overview.models')}
      lead={t('models.lead')}
      deeds={
        <Button type="primary" icon={<UploadOutlined />} onClick={() => setImporting(true)}>
          {t('models.import')}
        </Button>
      }
    >
      {box && (
        <dl className="stats">
          <div className="stat">
            <dt>{t('models.memory')}</dt>
            <dd>
              {bytes(box.memory_used_bytes)} <small className="muted">{t('models.ofMemory', { memory: bytes(box.memory_bytes) })}</small>
            </dd>
          </div>
          <div className="stat">
            <dt>{t('models.disk')}</dt>
            <dd>{bytes(box.disk_free_bytes)}</dd>
          </div>
        </dl>
      )}
      <DataTable<BoxModel>
        label={t('overview.models')}
        asked={{ data: box?.models, isPending: models.isPending, error: models.error, refetch: models.refetch }}
        rowKey="name"
        empty={<Empty icon={<CloudDownloadOutlined />} title={t('chat.noModels')} text={t('models.noneText')} />}
        columns={[
          {
            title: t('chat.model'),
            dataIndex: 'name',
            render: (name: string, model) => (
              <>
                {name}
                {model.title && (
                  <>
                    <br />
                    <span className="muted">{model.title}</span>
                  </>
                )}
              </>
            ),
          },
          { title: t('people.state'), key: 'state', render: (_, model) => <State model={model} /> },
          { title: t('models.needs'), dataIndex: 'memory_bytes', align: 'end', className: 'num', render: bytes },
          { title: t('models.onDisk'), dataIndex: 'file_bytes', align: 'end', className: 'num', render: bytes },
          { title: t('models.context'), dataIndex: 'context', align: 'end', className: 'num', render: number },
          { title: t('overview.running'), dataIndex: 'requests', align: 'end', className: 'num', render: (value?: number) => numberText(value ?? 0, i18n.language) },
          {
            key: 'deeds',
            title: <span className="sr">{t('action.more')}</span>,
            align: 'end',
            render: (_, model) => {
              const items = deedsOf(model)
              return items.length > 0 ? (
                <Dropdown menu={{ items }} trigger={['click']}>
                  <Button size="small" aria-label={`${t('action.more')}: ${model.name}`}>
                    …
                  </Button>
                </Dropdown>
              ) : null
            },
          },
        ]}
      />
      <JobList />
      <Aliases models={box?.models ?? []} />
      <Catalogue />
      <ImportModel open={importing} close={() => setImporting(false)} />
    </Page>
  )
}
