// Everything a team needs to run the pipeline in its own subscription, in one resource group.
// Raw resources in simple syntax, so that what checks the templates can read all of them.
targetScope = 'subscription'

@minLength(1)
@maxLength(64)
@description('Name of the azd environment: names the resource group, and is a tag on everything.')
param environmentName string

@minLength(1)
@description('Region of all resources. It must have every model chosen: see choose_models.py.')
@metadata({
  azd: {
    type: 'location'
  }
})
param location string

@description('Object id of whoever deploys: works with its documents, runs and models as the app does. Nobody if empty.')
param principalId string = ''

@allowed([
  'User'
  'ServicePrincipal'
])
@description('What the deploying principal is; a workflow is a ServicePrincipal.')
param principalType string = 'User'

@description('Model of the teacher as name@version, or none.')
param teacherModel string
@description('SKU of the teacher deployment.')
param teacherSku string
@description('Capacity of the teacher deployment, in thousands of tokens per minute.')
param teacherCapacity int

@description('Model of the judge as name@version, or none.')
param judgeModel string
@description('SKU of the judge deployment.')
param judgeSku string
@description('Capacity of the judge deployment, in thousands of tokens per minute.')
param judgeCapacity int

@description('Model of the baseline as name@version, or none: the base of the student.')
param baselineModel string
@description('SKU of the baseline deployment.')
param baselineSku string
@description('Capacity of the baseline deployment, in thousands of tokens per minute.')
param baselineCapacity int

@description('Model of embeddings as name@version, or none.')
param embeddingModel string
@description('SKU of the embedding deployment.')
param embeddingSku string
@description('Capacity of the embedding deployment, in thousands of tokens per minute.')
param embeddingCapacity int

@description('Model that reads scanned pages as name@version, or none: such pages are then listed as unread.')
param visionModel string
@description('SKU of the vision deployment.')
param visionSku string
@description('Capacity of the vision deployment, in thousands of tokens per minute.')
param visionCapacity int

@description('Whether storage and models are reached through private endpoints only.')
param vnetEnabled bool = false

@description('Whether there is an Azure ML workspace, in which serverless students (Llama, Mistral, Phi) are trained.')
param mlEnabled bool = false

@description('Whether orchestrations are kept by a Durable Task Scheduler instead of the storage account.')
param schedulerEnabled bool = false

@description('Client id of the app registration that people sign in with; no sign-in if empty.')
param authClientId string = ''

@minValue(1)
@maxValue(100)
@description('Most instances of the app: with MODEL_CONCURRENCY it bounds the calls in flight.')
param maximumInstances int = 10

@minValue(0)
@maxValue(3650)
@description('Days after which run records and paid replies are deleted; 0 keeps them.')
param runsRetentionDays int = 0

var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }
var appName = 'func-raft-${token}'
var storageName = 'st${token}'
var aiName = 'ai-raft-${token}'
var mlName = 'mlp-raft-${token}'
var roles = [
  { role: 'teacher', model: teacherModel, sku: teacherSku, capacity: teacherCapacity }
  { role: 'judge', model: judgeModel, sku: judgeSku, capacity: judgeCapacity }
  { role: 'baseline', model: baselineModel, sku: baselineSku, capacity: baselineCapacity }
  { role: 'embedding', model: embeddingModel, sku: embeddingSku, capacity: embeddingCapacity }
  { role: 'vision', model: visionModel, sku: visionSku, capacity: visionCapacity }
]
var deployed = [for one in roles: one.model == 'none' ? '' : one.role]

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    name: 'id-raft-${token}'
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    name: 'raft-${token}'
    location: location
    tags: tags
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    name: storageName
    location: location
    tags: tags
    isPrivate: vnetEnabled
    trustedWorkspaces: mlEnabled ? [mlName] : []
    runsRetentionDays: runsRetentionDays
  }
}

module ai 'modules/ai.bicep' = {
  name: 'ai'
  scope: group
  params: {
    name: aiName
    location: location
    tags: tags
    isPrivate: vnetEnabled
    roles: roles
  }
}

module network 'modules/network.bicep' = if (vnetEnabled) {
  name: 'network'
  scope: group
  params: {
    name: 'raft-${token}'
    location: location
    tags: tags
    storageId: storage.outputs.id
    aiId: ai.outputs.id
  }
}

module ml 'modules/ml.bicep' = if (mlEnabled) {
  name: 'ml'
  scope: group
  params: {
    projectName: mlName
    hubName: 'mlh-raft-${token}'
    storageName: 'stml${token}'
    vaultName: 'kv-${token}'
    location: location
    tags: tags
    insightsId: monitoring.outputs.insightsId
    dataStorageName: storage.outputs.name
    runsContainer: storage.outputs.runsContainer
    appPrincipalId: identity.outputs.principalId
  }
}

module scheduler 'modules/scheduler.bicep' = if (schedulerEnabled) {
  name: 'scheduler'
  scope: group
  params: {
    name: 'dts-raft-${token}'
    location: location
    tags: tags
    appPrincipalId: identity.outputs.principalId
  }
}

module access 'modules/roles.bicep' = {
  name: 'roles'
  scope: group
  params: {
    storageName: storage.outputs.name
    aiName: ai.outputs.name
    insightsName: monitoring.outputs.insightsName
    documentsContainer: storage.outputs.documentsContainer
    runsContainer: storage.outputs.runsContainer
    appPrincipalId: identity.outputs.principalId
    principalId: principalId
    principalType: principalType
  }
}

module app 'modules/app.bicep' = {
  name: 'app'
  scope: group
  params: {
    name: appName
    location: location
    tags: union(tags, { 'azd-service-name': 'raft' })
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    storageName: storage.outputs.name
    packageContainer: storage.outputs.packageContainer
    insightsName: monitoring.outputs.insightsName
    aiName: ai.outputs.name
    aiEndpoint: ai.outputs.endpoint
    roles: roles
    mlWorkspace: mlEnabled ? ml.outputs.name : ''
    schedulerEndpoint: schedulerEnabled ? scheduler.outputs.endpoint : ''
    taskHub: schedulerEnabled ? scheduler.outputs.taskHub : 'raft'
    subnetId: vnetEnabled ? network.outputs.appSubnetId : ''
    maximumInstances: maximumInstances
    signInEnabled: !empty(authClientId)
  }
  dependsOn: [
    access
  ]
}

module auth 'modules/auth.bicep' = if (!empty(authClientId)) {
  name: 'auth'
  scope: group
  params: {
    appName: app.outputs.name
    clientId: authClientId
  }
}

module events 'modules/events.bicep' = {
  name: 'events'
  scope: group
  params: {
    topicName: 'evgt-raft-${token}'
    location: location
    tags: tags
    storageName: storage.outputs.name
    deadLetterContainer: storage.outputs.deadLetterContainer
  }
}

output AZURE_LOCATION string = location
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_RESOURCE_GROUP string = group.name
output AZURE_FUNCTION_APP_NAME string = app.outputs.name
output AZURE_FUNCTION_APP_URL string = app.outputs.url
output AZURE_STORAGE_ACCOUNT_NAME string = storage.outputs.name
output AZURE_STORAGE_ACCOUNT_ID string = storage.outputs.id
output AZURE_EVENTGRID_TOPIC_NAME string = events.outputs.topicName
output AZURE_OPENAI_ACCOUNT string = ai.outputs.name
output AZURE_OPENAI_ENDPOINT string = ai.outputs.endpoint
output AZURE_OPENAI_DEPLOYMENTS string = trim(join(deployed, ' '))
output VNET_ENABLED bool = vnetEnabled
