terraform {
  # terraform_data came with 1.4; no provider has to be downloaded
  required_version = ">= 1.4.0"

  backend "local" {}
}

variable "prefix" {
  description = "What the bucket's name begins with."
  type        = string
}

variable "days" {
  description = "How long a report is kept."
  type        = number

  validation {
    condition     = var.days >= 1 && var.days <= 3650
    error_message = "Reports are kept from 1 to 3650 days."
  }
}

variable "owner" {
  description = "Who pays."
  type        = string
}

variable "digest" {
  description = "The function that may write: the digest of its code."
  type        = string

  validation {
    condition     = can(regex("^sha256:[0-9a-f]{64}$", var.digest))
    error_message = "digest must be a sha256 digest."
  }
}

variable "token" {
  description = "Allows to make buckets."
  type        = string
  sensitive   = true
}

resource "terraform_data" "bucket" {
  input = {
    name   = "${var.prefix}-${terraform.workspace}"
    days   = var.days
    owner  = var.owner
    writer = var.digest
  }

  lifecycle {
    precondition {
      condition     = length(var.token) > 0
      error_message = "The token is missing."
    }
  }
}

output "name" {
  description = "The bucket's name."
  value       = terraform_data.bucket.output.name
}
