terraform {
  # terraform_data came with 1.4; no provider has to be downloaded
  required_version = ">= 1.4.0"
}
