locals {
  max_replicas = ceil(var.min_replicas * var.headroom)

  # scaling down waits longer than scaling up, so that a short dip does not cost the next minute's users
  policies = {
    for pool, target in var.pools : pool => {
      pool         = pool
      minimum      = var.min_replicas
      maximum      = local.max_replicas
      utilisation  = target
      up_seconds   = 30
      down_seconds = 300
    }
  }
}

# One record for each pool: the autoscaler's controller reads them from the state.
resource "terraform_data" "policy" {
  for_each = local.policies
  input    = each.value

  lifecycle {
    precondition {
      condition     = each.value.maximum > each.value.minimum || var.headroom == 1
      error_message = "Pool ${each.key} could never scale: ${each.value.minimum} to ${each.value.maximum}."
    }
  }
}
