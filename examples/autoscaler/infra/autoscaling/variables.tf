variable "min_replicas" {
  description = "How many instances run at night, when nobody asks for anything."
  type        = number

  validation {
    condition     = var.min_replicas >= 1 && var.min_replicas <= 200 && floor(var.min_replicas) == var.min_replicas
    error_message = "min_replicas must be a whole number from 1 to 200."
  }
}

variable "headroom" {
  description = "How many times the minimum may run at the busiest hour."
  type        = number
  default     = 8

  validation {
    condition     = var.headroom >= 1 && var.headroom <= 50
    error_message = "headroom must be from 1 to 50."
  }
}

variable "pools" {
  description = "The pools that are scaled, with the utilisation in percent that each aims at."
  type        = map(number)
  default = {
    web    = 60
    worker = 75
  }

  validation {
    condition     = length(var.pools) > 0 && alltrue([for target in values(var.pools) : target >= 10 && target <= 90])
    error_message = "Each pool aims at a utilisation from 10 to 90 percent."
  }
}
