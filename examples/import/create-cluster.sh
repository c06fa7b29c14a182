aws emr create-cluster \
  --name "Nightly ETL" \
  --region us-east-1 \
  --release-label emr-7.12.0 \
  --use-default-roles \
  --applications Name=Spark Name=Hadoop \
  --log-uri s3://team-logs/emr/ \
  --instance-groups \
    InstanceGroupType=MASTER,InstanceCount=1,InstanceType=m5.xlarge \
    InstanceGroupType=CORE,InstanceCount=2,InstanceType=m5.xlarge,BidPrice=OnDemandPrice \
  --steps Type=Spark,Name="daily sales",Args=[--deploy-mode,cluster,s3://team-artifacts/jobs/sales.py] \
  --auto-terminate
