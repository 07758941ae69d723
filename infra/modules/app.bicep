// The function app on Flex Consumption, and every setting that it reads.
@description('Name of the app.')
param name string
@description('Region.')
param location string
@description('Tags of every resource; azd finds the app by azd-service-name.')
param tags object
@description('Id of the identity that the app runs as.')
param identityId string
@description('Client id of that identity.')
param identityClientId string
@description('Name of the storage account.')
param storageName string
@description('Container that holds the deployed package.')
param packageContainer string
@description('Name of the Application Insights component.')
param insightsName string
@description('Name of the AI account.')
param aiName string
@description('Endpoint of the AI account.')
param aiEndpoint string
@description('Role, model (name@version, or none for no deployment), sku and capacity of each.')
param roles array
@description('Name of the Azure ML workspace of serverless students; none if empty.')
param mlWorkspace string
@description('Endpoint of the Durable Task Scheduler; orchestrations are in the storage account if empty.')
param schedulerEndpoint string
@description('Name of the task hub: letters and digits.')
param taskHub string
@description('Subnet that the app is in; none if empty.')
param subnetId string
@description('Most instances of the app.')
param maximumInstances int
@description('Whether people sign in to the app.')
param signInEnabled bool

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

var platformSettings = {
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  AzureWebJobsStorage__blobServiceUri: storage.properties.primaryEndpoints.blob
  AzureWebJobsStorage__queueServiceUri: storage.properties.primaryEndpoints.queue
  AzureWebJobsStorage__tableServiceUri: storage.properties.primaryEndpoints.table
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  PYTHON_THREADPOOL_THREAD_COUNT: '32'
}

var appSettings = {
  DocumentsStorage__credential: 'managedidentity'
  DocumentsStorage__clientId: identityClientId
  DocumentsStorage__blobServiceUri: storage.properties.primaryEndpoints.blob
  DocumentsStorage__queueServiceUri: storage.properties.primaryEndpoints.queue
  AZURE_CLIENT_ID: identityClientId
  AZURE_SUBSCRIPTION_ID: subscription().subscriptionId
  AZURE_RESOURCE_GROUP: resourceGroup().name
  AZURE_OPENAI_ACCOUNT: aiName
  STUDENT_AZURE_OPENAI_ENDPOINT: aiEndpoint
  TASKHUB_NAME: taskHub
  BLOB_TRIGGER_SOURCE: 'EventGrid'
  SWEEP_SCHEDULE: '0 */5 * * * *'
  DEPLOYMENT_SWEEP_SCHEDULE: '0 0 3 * * *'
  QUIET_PERIOD_SECONDS: '60'
  POLL_SECONDS: '30'
  MODEL_CONCURRENCY: '16'
  MODEL_TIMEOUT_SECONDS: '120'
  LANES: '4'
}

var settingsByRole = [
  for one in roles: one.model == 'none' ? {} : {
    '${toUpper(one.role)}_AZURE_OPENAI_ENDPOINT': aiEndpoint
    '${toUpper(one.role)}_AZURE_OPENAI_DEPLOYMENT': one.role
    '${toUpper(one.role)}_AZURE_OPENAI_MODEL': split(one.model, '@')[0]
    '${toUpper(one.role)}_TPM': string(one.capacity * 1000)
  }
]

var mlSettings = empty(mlWorkspace) ? {} : {
  AZURE_ML_WORKSPACE: mlWorkspace
}

var schedulerSettings = empty(schedulerEndpoint) ? {} : {
  DURABLE_TASK_SCHEDULER_CONNECTION_STRING: 'Endpoint=${schedulerEndpoint};Authentication=ManagedIdentity;ClientID=${identityClientId}'
  AzureFunctionsJobHost__extensions__durableTask__storageProvider__type: 'azureManaged'
  AzureFunctionsJobHost__extensions__durableTask__storageProvider__connectionStringName: 'DURABLE_TASK_SCHEDULER_CONNECTION_STRING'
}

// The identity signs in for the registration: no client secret.
var authSettings = signInEnabled ? {
  OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID: identityClientId
} : {}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
  }
}

resource site 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      http20Enabled: true
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${packageContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'python'
        version: '3.12'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: 2048
        maximumInstanceCount: maximumInstances
      }
    }
  }
}

// What stands in settings.json comes last: other endpoints, limits and prices of your own.
resource settings 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: site
  name: 'appsettings'
  properties: union(
    platformSettings,
    appSettings,
    settingsByRole[0],
    settingsByRole[1],
    settingsByRole[2],
    settingsByRole[3],
    settingsByRole[4],
    mlSettings,
    schedulerSettings,
    authSettings,
    loadJsonContent('../settings.json')
  )
}

resource noPasswordForFtp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: site
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource noPasswordForDeployment 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: site
  name: 'scm'
  properties: {
    allow: false
  }
}

output name string = site.name
output url string = 'https://${site.properties.defaultHostName}'
