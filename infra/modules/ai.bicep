// The AI account: a deployment for each role. Students are deployed into it by the runs.
@description('Name of the account, and its subdomain: Entra ID needs one.')
param name string
@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('Whether it is reached through a private endpoint only.')
param isPrivate bool
@description('Role, model (name@version, or none for no deployment), sku and capacity of each.')
param roles array

resource account 'Microsoft.CognitiveServices/accounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'AIServices'
  identity: {
    type: 'SystemAssigned'
  }
  sku: {
    name: 'S0'
  }
  properties: {
    allowProjectManagement: true
    customSubDomainName: name
    disableLocalAuth: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: isPrivate ? 'Deny' : 'Allow'
    }
  }
}

resource project 'Microsoft.CognitiveServices/accounts/projects@2025-06-01' = {
  parent: account
  name: 'raft'
  location: location
  tags: tags
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    displayName: 'RAFT'
    description: 'Fine-tuning jobs and deployments of the runs'
  }
}

// One after the other: the account refuses to be changed twice at once.
@batchSize(1)
resource models 'Microsoft.CognitiveServices/accounts/deployments@2025-06-01' = [
  for one in roles: if (one.model != 'none') {
    parent: account
    name: one.role
    sku: {
      name: one.sku
      capacity: one.capacity
    }
    properties: {
      model: {
        format: 'OpenAI'
        name: split(one.model, '@')[0]
        version: split(one.model, '@')[1]
      }
      versionUpgradeOption: 'NoAutoUpgrade'
    }
    dependsOn: [
      project
    ]
  }
]

output id string = account.id
output name string = account.name
output endpoint string = 'https://${name}.openai.azure.com'
