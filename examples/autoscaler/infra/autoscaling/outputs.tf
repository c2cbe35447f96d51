output "policies" {
  description = "The scaling policy of each pool."
  value       = { for pool, record in terraform_data.policy : pool => record.output }
}

output "max_replicas" {
  description = "How many instances of one pool may run at the busiest hour."
  value       = local.max_replicas
}
