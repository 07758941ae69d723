// The storage account: documents, run records, the app's package and Durable's state.
@description('Name of the account.')
param name string
@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('Whether it is reached through private endpoints only.')
param isPrivate bool
@description('Names of Azure ML workspaces of this resource group that may read it even then.')
param trustedWorkspaces array
@description('Days after which run records and paid replies are deleted; 0 keeps them.')
param runsRetentionDays int

var documents = 'documents'
var runs = 'runs'
var package = 'app-package'
var deadLetters = 'deadletters'

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: 'Standard_LRS'
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: isPrivate ? 'Deny' : 'Allow'
      resourceAccessRules: [
        for workspace in trustedWorkspaces: {
          tenantId: tenant().tenantId
          resourceId: resourceId('Microsoft.MachineLearningServices/workspaces', workspace)
        }
      ]
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: 7
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: 7
    }
  }
}

resource containers 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = [
  for container in [documents, runs, package, deadLetters]: {
    parent: blobs
    name: container
    properties: {
      publicAccess: 'None'
    }
  }
]

// A deleted version stays recoverable for the days of the retention policy above.
resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2024-01-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'dead-letters'
          enabled: true
          type: 'Lifecycle'
          definition: {
            actions: {
              baseBlob: {
                delete: {
                  daysAfterModificationGreaterThan: 30
                }
              }
            }
            filters: {
              blobTypes: ['blockBlob']
              prefixMatch: ['${deadLetters}/']
            }
          }
        }
        {
          name: 'runs'
          enabled: runsRetentionDays > 0
          type: 'Lifecycle'
          definition: {
            actions: {
              baseBlob: {
                delete: {
                  daysAfterModificationGreaterThan: max(runsRetentionDays, 1)
                }
              }
            }
            filters: {
              blobTypes: ['blockBlob']
              prefixMatch: ['${runs}/']
            }
          }
        }
      ]
    }
  }
  dependsOn: [
    containers
  ]
}

output id string = account.id
output name string = account.name
output documentsContainer string = documents
output runsContainer string = runs
output packageContainer string = package
output deadLetterContainer string = deadLetters
